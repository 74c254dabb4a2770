import { adminSession } from './postgres-admin';
import { consumerSession } from './postgres-consumer';
import { loginSession } from './postgres-login';
import type { Credential } from '../../../client/src/shared/secret-value';
import type { Database, UserDatabase } from '../../ports/database';
import { isRefusedLogin, lacksPrivilege } from '../../ports/error-predicates';
import type { ConsumerSession, LoginSession } from '../../ports/sessions';
import { connectAsAdmin, connectAsConsumer, connectAsLogin, type Limits } from '../connection';

type Admin = ReturnType<typeof adminSession>;

/** The port to PostgreSQL, for one invocation. */
export class PostgresDatabase implements Database<Admin>, UserDatabase {
  constructor(private readonly limits: Limits) {}

  async openAsAdmin(credential: Credential): Promise<Admin> {
    return adminSession(await connectAsAdmin(credential, this.limits), this.limits);
  }

  async openAsLogin(credential: Credential): Promise<LoginSession> {
    return loginSession(await connectAsLogin(credential, this.limits), this.limits);
  }

  async openAsConsumer(credential: Credential): Promise<ConsumerSession> {
    return consumerSession(await connectAsConsumer(credential, this.limits));
  }

  async logsIn(credential: Credential): Promise<boolean> {
    try {
      await (await connectAsAdmin(credential, this.limits)).close();
      return true;
    } catch (error) {
      if (lacksPrivilege(error)) return true; // the login succeeded; it only lacks CONNECT on the maintenance database
      if (isRefusedLogin(error)) return false;
      throw error;
    }
  }
}
