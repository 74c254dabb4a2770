import { randomUUID } from 'node:crypto';
import type { Rig } from './rig';
import type { DatabaseUserProperties } from '../../../src/contract';
import { withClient } from '../../local/postgres';

type Given = Partial<DatabaseUserProperties>;

/** The resource of a user, whose requests are those that CloudFormation sends. */
export class DeployedUser {
  /** Creates the user with a secret of its own, unless it gets none. */
  static async create(rig: Rig, role: string, given: Given = {}): Promise<DeployedUser> {
    const password = `initial-${randomUUID()}`;
    const secret =
      given.authentication === 'iam' ? '' : await rig.createSecret('user', { username: rig.name(role), password });
    const user = new DeployedUser(rig, role, secret);
    await user.create(given);
    return user;
  }

  /** A user without a password. */
  static iam(rig: Rig, role: string, given: Given = {}): Promise<DeployedUser> {
    return DeployedUser.create(rig, role, { authentication: 'iam', ...given });
  }

  readonly username: string;
  readonly LogicalResourceId = `User${randomUUID().slice(0, 8)}`;
  /** What CloudFormation believes to be deployed. */
  properties!: DatabaseUserProperties;
  private physicalId?: string;

  constructor(
    private readonly rig: Rig,
    role: string,
    readonly secret: string,
  ) {
    this.username = rig.name(role);
  }

  async create(given: Given): Promise<void> {
    const wanted = this.all(given);
    await this.request('Create', wanted);
    this.properties = wanted;
  }

  /** Changes some properties; after a failure, as CloudFormation does, changes them back. */
  async update(given: Given): Promise<void> {
    const [before, wanted] = [this.properties, { ...this.properties, ...given }];
    try {
      await this.request('Update', wanted, before);
      this.properties = wanted;
    } catch (error) {
      await this.request('Update', before, wanted);
      throw error;
    }
  }

  async delete(given: Given = {}): Promise<void> {
    await this.request('Delete', { ...this.properties, ...given });
  }

  async request(
    RequestType: string,
    properties: DatabaseUserProperties,
    OldResourceProperties?: DatabaseUserProperties,
  ): Promise<void> {
    const answer = await this.rig.databaseUser.invoke({
      RequestType,
      RequestId: randomUUID(),
      ResponseURL: RESPONSE_URL,
      StackId: STACK,
      LogicalResourceId: this.LogicalResourceId,
      ...(RequestType === 'Create' ? {} : { PhysicalResourceId: this.physicalId }),
      ResourceProperties: properties,
      OldResourceProperties,
    });
    if (RequestType !== 'Delete') this.physicalId = (answer as { PhysicalResourceId: string }).PhysicalResourceId;
  }

  all(given: Given): DatabaseUserProperties {
    const { secretArn, strategy, ...rest } = this.rig.properties(this.secret, this.username, given);
    return given.authentication === 'iam' ? rest : { secretArn, strategy, ...rest };
  }

  /** Whether the user may run the statement, alone; else the SQLSTATE. Nothing stays of it. */
  async may(statement: string, database = this.rig.database): Promise<string> {
    const { username, password } = await this.rig.read(this.secret);
    return withClient(this.rig, { username, password }, database, async client => {
      await client.query('BEGIN');
      return client.query(statement).then(
        () => 'may',
        error => error.code,
      );
    }).catch(error => error.code);
  }
}

export const STACK = 'arn:aws:cloudformation:us-east-1:111122223333:stack/Local/0b8c1f0a';
export const RESPONSE_URL =
  'https://cloudformation-custom-resource-response.example.com/?X-Amz-Signature=response-url-signature';

/** What changes something of what the admin sent: the server logs data definition. */
export function changesOf(rig: Rig): string[] {
  return rig
    .serverLog()
    .split('\n')
    .filter(line => line.includes(`:${rig.admin.username}@`) && /LOG: {2}(statement|execute)/.test(line));
}

/** The admin's memberships, with who granted them and how. */
export function membershipsOf(rig: Rig): Promise<Record<string, unknown>[]> {
  return rig.inspect(
    `SELECT pg_get_userbyid(roleid) AS role, pg_get_userbyid(grantor) AS grantor, to_jsonb(m) - 'oid' AS row
    FROM pg_auth_members AS m WHERE pg_get_userbyid(member) = $1 ORDER BY 1, 2`,
    [rig.admin.username],
  );
}
