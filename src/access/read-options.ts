/** Options for granting read access to a secret. */
export interface ReadOptions {
  /**
   * Staging labels whose versions may be read: `AWSCURRENT`, `AWSPENDING`, `AWSPREVIOUS` or a label of your own.
   *
   * With this option, a request without a staging label, or one that selects a version by its id only, is denied. The
   * AWS SDKs send no label unless the program sets one. The client package always sends one: it reads `AWSCURRENT`,
   * `AWSPENDING` while a single user is being rotated, and `AWSPREVIOUS` on a read replica that lags.
   * @default - all versions, with or without a label in the request
   */
  readonly stages?: string[];
  /**
   * Set to true when an imported key's policy already allows the reader. Only relevant for readers in another account
   * or an organization. Otherwise synthesis fails and prints the statement to add to the key policy.
   * @default false
   */
  readonly keyAdmitsReader?: boolean;
}
