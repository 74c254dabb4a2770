import { IDatabaseUser } from './database-user-interface';
import { DatabaseGrant, DatabaseUserPrivileges } from '../contract';
import { fail } from '../private/errors';

/**
 * The tables, views and sequences that a user reads or writes: those that exist and those that their owner creates
 * later.
 */
export interface ObjectPrivilegesOptions {
  /**
   * The user that owns the objects. PostgreSQL grants by owner: objects of another owner in the same schema are not
   * included.
   * @default - the application's user, if the user is added with `RotatingPostgres` and the application's user owns the
   * database; otherwise an owner must be named
   */
  readonly owner?: IDatabaseUser;
  /**
   * Name of the owner in PostgreSQL, as an alternative to `owner`, for a role that exists and that this app does not
   * create.
   * @default - none
   */
  readonly ownerName?: string;
  /**
   * Names of the schemas. They must exist when the user is deployed.
   * @default - every schema in which the owner has an object, now or later
   */
  readonly schemas?: string[];
}

/** The privileges of a user in a database. */
export class Privileges {
  /**
   * Owns the database: creates schemas and tables, and reads and writes all of its own objects. A database has one
   * owner.
   */
  public static owner(): Privileges {
    return new Privileges('owner');
  }

  /** May connect to the database. Any other privilege has to be granted in the database. */
  public static connect(): Privileges {
    return new Privileges('connect');
  }

  /** Reads the tables, views and sequences of an owner. */
  public static readOnly(options: ObjectPrivilegesOptions = {}): Privileges {
    return new Privileges('readOnly', options);
  }

  /**
   * Reads and changes rows in the tables of an owner, and uses its sequences. It cannot create, alter or truncate
   * anything.
   */
  public static readWrite(options: ObjectPrivilegesOptions = {}): Privileges {
    return new Privileges('readWrite', options);
  }

  private constructor(
    private readonly kind: DatabaseUserPrivileges,
    private readonly of?: ObjectPrivilegesOptions,
  ) {}

  /**
   * Whether the user owns the database.
   *
   * @internal
   */
  public get _owns(): boolean {
    return this.kind === 'owner';
  }

  /**
   * The owner, which must exist before these privileges can be granted.
   *
   * @internal
   */
  public get _owner(): IDatabaseUser | undefined {
    return this.of?.owner;
  }

  /**
   * These privileges with this owner, if they name none.
   *
   * @internal
   */
  public _ownedBy(owner: IDatabaseUser): Privileges {
    if (!this.of || this.of.owner || this.of.ownerName !== undefined) return this;
    return new Privileges(this.kind, { ...this.of, owner });
  }

  /**
   * These privileges as a property of the custom resource.
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
