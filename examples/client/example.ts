/** What the test asks of each example. */
export interface Example {
  /** Runs one query and gives its rows. */
  query(text: string): Promise<readonly object[]>;
  /** Runs queries in one transaction and gives the rows of each. */
  transaction(...texts: string[]): Promise<(readonly object[])[]>;
  close(): Promise<unknown>;
}
