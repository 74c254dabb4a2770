import { IDatabaseUser } from './database-user-interface';
import { DatabaseGrant, DatabaseUserPrivileges } from '../contract';
import { fail } from '../private/errors';

/**
 * Whose tables, views and sequences a user reads or writes: those that are there and those that the owner creates
 * later.
 */
export interface ObjectPrivilegesOptions {
  /**
   * The user who owns them. PostgreSQL grants by owner: what somebody else creates in the same schema is not included.
   * @default - the application's user where the user is added by `RotatingPostgres`; elsewhere the owner must be named
   */
  readonly owner?: IDatabaseUser;
  /**
   * Name of the owner in PostgreSQL, instead of `owner`: of a role that exists already and that this app does not
   * create.
   * @default - none
   */
  readonly ownerName?: string;
  /**
   * Names of the schemas that are meant.
   * @default - every schema in which the owner has something, now or later
   */
  readonly schemas?: string[];
}

/** What a user may do in a database. */
export class Privileges {
  /** Owns the database: creates schemas and tables, reads and writes all of them. A database has one owner. */
  public static owner(): Privileges {
    return new Privileges('owner');
  }

  /** May connect to the database, and nothing else until someone grants more. */
  public static connect(): Privileges {
    return new Privileges('connect');
  }

  /** Reads tables, views and sequences of their owner. */
  public static readOnly(options: ObjectPrivilegesOptions = {}): Privileges {
    return new Privileges('readOnly', options);
  }

  /**
   * Reads and changes the rows of tables of their owner, and draws from the sequences; creates, alters and truncates
   * nothing.
   */
  public static readWrite(options: ObjectPrivilegesOptions = {}): Privileges {
    return new Privileges('readWrite', options);
  }

  private constructor(
    private readonly kind: DatabaseUserPrivileges,
    private readonly of?: ObjectPrivilegesOptions,
  ) {}

  /**
   * Whether the user is to own the database.
   *
   * @internal
   */
  public get _owns(): boolean {
    return this.kind === 'owner';
  }

  /**
   * The user that must exist before these can be granted.
   *
   * @internal
   */
  public get _owner(): IDatabaseUser | undefined {
    return this.of?.owner;
  }

  /**
   * The same, of this owner where they name none.
   *
   * @internal
   */
  public _ownedBy(owner: IDatabaseUser): Privileges {
    if (!this.of || this.of.owner || this.of.ownerName !== undefined) return this;
    return new Privileges(this.kind, { ...this.of, owner });
  }

  /**
   * These privileges as the custom resource reads them.
   *
   * @internal
   */
  public _grant(user: IDatabaseUser, database: string): DatabaseGrant {
    return {
      database,
      privileges: this.kind,
      owner: this.of && ownerName(user, this.kind, this.of),
      schemas: schemas(user, this.of?.schemas),
    };
  }
}

function ownerName(user: IDatabaseUser, kind: string, { owner, ownerName: name }: ObjectPrivilegesOptions): string {
  if (owner && name !== undefined) {
    fail(user, `'privileges' name an 'owner' (${owner.node.path}) and an 'ownerName' ('${name}'); leave one out`);
  }
  if (owner && owner.database.host !== user.database.host) {
    fail(
      user,
      `the 'owner' of 'privileges' (${owner.node.path}) is a user of another server ` +
        `(${owner.database.node.path}); name one of this server`,
    );
  }
  const found = owner?.username ?? name;
  if (!found) {
    return fail(
      user,
      `'privileges' is ${kind} without an owner, and PostgreSQL grants by owner:` +
        ` write Privileges.${kind}({ owner: … }) with the user whose objects are meant, or its 'ownerName'`,
    );
  }
  if (found === user.username) {
    fail(user, `'privileges' is ${kind} of '${found}', the user itself, who has every privilege on its own objects`);
  }
  return found;
}

function schemas(user: IDatabaseUser, names: string[] | undefined): string[] | undefined {
  if (names?.length === 0) fail(user, "'schemas' is empty; name one, or leave it out for every schema of the owner");
  return names;
}
