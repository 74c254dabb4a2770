/**
 * The time that is left to a function, and the only way it waits. Whatever else takes time is limited by what remains.
 */
export interface Deadline {
  /** Milliseconds that are left for work; none once it is time to report a failure. */
  remaining(): number;
  /** Waits, and says whether there was time left to do so. */
  wait(milliseconds: number): Promise<boolean>;
}
