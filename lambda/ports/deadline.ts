/** The time that is left to a function, and the only way it waits. */
export interface Deadline {
  /** Waits, and says whether there was time left to do so. */
  wait(milliseconds: number): Promise<boolean>;
}
