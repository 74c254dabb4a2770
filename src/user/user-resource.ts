import { CustomResource, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Construct, IDependable } from 'constructs';
import { IDatabaseUser } from './database-user-interface';
import { DatabaseUserOptions, FurtherDatabase } from './database-user-options';
import { DatabaseUserProvider } from './database-user-provider';
import { Privileges } from './privileges';
import { DatabaseGrant, DatabaseUserProperties } from '../contract';
import { after } from '../private/after';
import { fail } from '../private/errors';
import { retainedUnlessDestroyed } from '../private/generated-secret';

export interface UserResourceProps extends DatabaseUserOptions {
  readonly provider: DatabaseUserProvider;
  readonly user: IDatabaseUser;
  readonly privileges: Privileges;
  /** The properties that only this kind of user has. */
  readonly own: Partial<DatabaseUserProperties>;
  /** Prerequisites of this user in addition to those of every user. */
  readonly prerequisites?: IDependable[];
}

/** The custom resource that creates, changes and deletes the user in the database. */
export class UserResource extends CustomResource {
  constructor(scope: Construct, id: string, props: UserResourceProps) {
    const { provider, user, privileges, furtherDatabases = [] } = props;
    const further = grants(user, provider.database.databaseName, furtherDatabases);
    const removalPolicy = retainedUnlessDestroyed(props.removalPolicy);
    const database = provider.database;
    const main = privileges._grant(user, database.databaseName);
    const properties: DatabaseUserProperties = {
      adminSecretArn: database.adminSecret.secretArn,
      username: user.username,
      engine: database.engine,
      host: database.host,
      port: database.port,
      database: main.database,
      dbInstanceIdentifier: database.dbInstanceIdentifier,
      privileges: main.privileges,
      owner: main.owner,
      schemas: main.schemas && Stack.of(scope).toJsonString(main.schemas),
      furtherGrants: further.length > 0 ? Stack.of(scope).toJsonString(further) : undefined,
      onDelete: removalPolicy === RemovalPolicy.DESTROY ? 'drop' : undefined,
      ...props.own,
    };
    super(scope, id, {
      resourceType: 'Custom::RotatingPostgresUser',
      serviceToken: provider.serviceToken,
      serviceTimeout: Duration.minutes(10), // CloudFormation's default is an hour
      properties: { ...properties },
      removalPolicy,
    });
    const all = [{ databaseName: database.databaseName, privileges }, ...furtherDatabases];
    provider._add(
      user,
      all.filter(one => one.privileges._owns).map(one => one.databaseName),
    );
    const owners = all.flatMap(one => one.privileges._owner ?? []);
    after(this, [...(props.prerequisites ?? []), ...owners, ...provider._prerequisites]);
  }
}

function grants(user: IDatabaseUser, main: string, further: FurtherDatabase[]): DatabaseGrant[] {
  const names = [main];
  for (const { databaseName } of further) {
    if (names.includes(databaseName)) {
      fail(
        user,
        `'furtherDatabases' has '${databaseName}', ` +
          `${databaseName === main ? "the user's own database" : 'and has it already'};` +
          ' name each database once',
      );
    }
    names.push(databaseName);
  }
  return further.map(({ databaseName, privileges }) => privileges._grant(user, databaseName));
}
