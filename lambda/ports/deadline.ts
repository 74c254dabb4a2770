/** The time left to the current invocation. Every wait goes through it, and every call is limited by what remains. */
export interface Deadline {
  /** The milliseconds left for work; 0 once only the reserve for reporting a failure remains. */
  remaining(): number;
  /** Waits and returns true, or returns false at once when the time left is shorter than the wait. */
  wait(milliseconds: number): Promise<boolean>;
}
