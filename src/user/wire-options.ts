import * as ecs from 'aws-cdk-lib/aws-ecs';
import { SecretsManagerEndpoint } from '../network/secrets-manager-endpoint';

/** Options for connecting a consumer with a user. */
export interface WireOptions {
  /**
   * Container that gets the environment variables, for an ECS service with several containers.
   * @default - the default container of the service's task definition
   */
  readonly container?: ecs.ContainerDefinition;
  /**
   * Prefix of the names of the environment variables, for a consumer of several users. With `REPORTS_`, the program
   * passes the value of `REPORTS_ROTATING_POSTGRES_SECRET_ARN` to the client package as its `secretId`.
   * @default - no prefix; the program's libraries read the variables automatically
   */
  readonly environmentPrefix?: string;
  /**
   * How the consumer reaches Secrets Manager, if it is in another VPC than the database. A user without a password does
   * not need it.
   * @default - the endpoint of the database's own functions
   */
  readonly secretsManagerEndpoint?: SecretsManagerEndpoint;
}
