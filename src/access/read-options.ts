/** How a secret is read. */
export interface ReadOptions {
  /**
   * The only staging labels whose versions may be read: `AWSCURRENT`, `AWSPENDING`, `AWSPREVIOUS` or one of your own.
   *
   * A request that names no label, or a version by its id, is then denied: the AWS SDKs send none by themselves. The
   * client package always names one; it reads AWSPENDING while a single user is rotated, and AWSPREVIOUS on a read
   * replica that lags.
   * @default - every version, however it is asked for
   */
  readonly stages?: string[];
  /**
   * Says that the policy of a key which this app cannot change lets the reader use it. Of readers in another account or
   * an organisation, for these need the key's own policy; the error without it says what to add there.
   * @default false
   */
  readonly keyAdmitsReader?: boolean;
}
