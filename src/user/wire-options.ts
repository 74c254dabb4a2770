import * as ecs from 'aws-cdk-lib/aws-ecs';
import { SecretsManagerEndpoint } from '../network/secrets-manager-endpoint';

/** How a consumer is wired. */
export interface WireOptions {
  /**
   * The container that gets the environment, where the consumer is an ECS service with several.
   * @default - the default container of the service's task definition
   */
  readonly container?: ecs.ContainerDefinition;
  /**
   * Starts the names of the environment variables, for a consumer of several users: with `REPORTS_` the program passes
   * the value of `REPORTS_ROTATING_POSTGRES_SECRET_ARN` to the client package as its `secretId`.
   * @default - none, which are the names that the program's libraries read by themselves
   */
  readonly environmentPrefix?: string;
  /**
   * The consumer's way to Secrets Manager, where its VPC is not the database's. A user without a password needs none.
   * @default - that of the database's own functions
   */
  readonly secretsManagerEndpoint?: SecretsManagerEndpoint;
}
