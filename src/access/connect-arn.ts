import { ArnFormat, Stack } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';

/** The resource ARN of `rds-db:connect` for a user of a database or proxy with this resource id. */
export function connectArn(scope: IConstruct, resourceId: string, username: string): string {
  return Stack.of(scope).formatArn({
    service: 'rds-db',
    resource: 'dbuser',
    resourceName: `${resourceId}/${username}`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}
