/** How a user's password changes. */
export enum RotationStrategy {
  /**
   * Two logins with the same rights take turns, so that the previous credential works until the next rotation. The
   * second one is named after the first: `app` and `app_clone`.
   */
  ALTERNATING_USERS = 'alternating',
  /** One login changes its own password; the previous password stops working at once. */
  SINGLE_USER = 'single',
}
