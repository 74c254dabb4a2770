import { DatabaseUserPrivileges } from '../contract';

/** What an application user may do in its database. */
export class Privileges {
  /** Owns the database: creates schemas and tables, reads and writes all of them. */
  public static owner(): Privileges {
    return new Privileges('owner');
  }

  /** May connect to the database, and nothing else until someone grants more. */
  public static connect(): Privileges {
    return new Privileges('connect');
  }

  /** @internal */
  public readonly _name: DatabaseUserPrivileges;

  private constructor(name: DatabaseUserPrivileges) {
    this._name = name;
  }
}
