/** The strategy by which the rotation function changes a user's password. */
export enum RotationStrategy {
  /**
   * Alternating users: two logins with the same privileges take turns, so that the previous credential works until the
   * next rotation. The second login has the name of the first with the suffix `_clone`, for example `app` and
   * `app_clone`.
   */
  ALTERNATING_USERS = 'alternating',
  /** Single user: one login changes its own password. The previous password stops working at once. */
  SINGLE_USER = 'single',
}
