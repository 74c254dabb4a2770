import { ArnFormat, Stack } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';

/** What `rds-db:connect` is allowed on: a user, of a database or proxy by its resource id. */
export function connectArn(scope: IConstruct, resourceId: string, username: string): string {
  return Stack.of(scope).formatArn({
    service: 'rds-db',
    resource: 'dbuser',
    resourceName: `${resourceId}/${username}`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}
