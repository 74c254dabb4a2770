import { Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, Dependable, IConstruct } from 'constructs';
import { checkMajor } from './engine-version';
import { ExistingDatabaseProps, PostgresDatabaseAttributes } from './existing-database-props';
import { IPostgresDatabase } from './postgres-database';
import { fail } from '../private/errors';

/**
 * A PostgreSQL database that is there already, in this app or elsewhere. It makes no resource and changes none; rules
 * for who may connect are resources of the stack that this construct is in.
 */
export class PostgresDatabase extends Construct implements IPostgresDatabase {
  /**
   * An RDS for PostgreSQL instance, of this app or imported.
   *
   * @throws when it is a read replica, no PostgreSQL, or PostgreSQL before 14, and when it has no secret and none is
   * given
   */
  public static fromInstance(
    scope: Construct,
    id: string,
    instance: rds.IDatabaseInstance,
    props: ExistingDatabaseProps,
  ): PostgresDatabase {
    return new PostgresDatabase(scope, id, existing => {
      if (instance instanceof rds.DatabaseInstanceReadReplica) {
        fail(
          existing,
          `'instance' (${instance.node.path}) is a read replica, on which no user can be created or changed; ` +
            'name its source',
        );
      }
      const { engine } = instance;
      checkEngine(existing, 'instance', 'postgres', engine);
      return {
        ...props,
        engine: 'postgres',
        host: instance.dbInstanceEndpointAddress,
        port: instance.dbInstanceEndpointPort,
        dbInstanceIdentifier: instance.instanceIdentifier,
        resourceId: instance.instanceResourceId,
        adminSecret: props.adminSecret ?? secretOf(existing, 'instance', instance),
        connections: instance.connections,
        answers: serversIn(instance),
      };
    });
  }

  /**
   * An Aurora PostgreSQL cluster or Multi-AZ DB cluster, of this app or imported with endpoint, port and security
   * groups.
   *
   * @throws when it is no PostgreSQL, or PostgreSQL before 14, and when it has no secret and none is given
   */
  public static fromCluster(
    scope: Construct,
    id: string,
    cluster: rds.IDatabaseCluster,
    props: ExistingDatabaseProps,
  ): PostgresDatabase {
    return new PostgresDatabase(scope, id, existing => {
      const engine = cluster.engine?.engineType === 'postgres' ? 'postgres' : 'aurora-postgresql';
      checkEngine(existing, 'cluster', engine, cluster.engine);
      return {
        ...props,
        engine,
        host: cluster.clusterEndpoint.hostname,
        port: asText(cluster.clusterEndpoint.port),
        readerHost: given(() => cluster.clusterReadEndpoint.hostname),
        dbClusterIdentifier: cluster.clusterIdentifier,
        resourceId: given(() => cluster.clusterResourceIdentifier),
        adminSecret: props.adminSecret ?? secretOf(existing, 'cluster', cluster),
        connections: cluster.connections,
        answers: serversIn(cluster),
      };
    });
  }

  /**
   * A database on EC2, on premises, or known by its attributes only.
   *
   * TLS is verified against the roots of Amazon RDS. For a certificate of another authority give its root to the
   * functions, `rotationFunction.function` and `userProvider.function`: a layer with the file in PEM, and the variable
   * `NODE_EXTRA_CA_CERTS` with its path, such as `/opt/root.pem`.
   *
   * @throws when neither security groups nor a peer say where it is
   */
  public static fromAttributes(scope: Construct, id: string, attributes: PostgresDatabaseAttributes): PostgresDatabase {
    return new PostgresDatabase(scope, id, existing => {
      const { port = 5432, securityGroups = [], peer } = attributes;
      if (securityGroups.length === 0 && !peer) {
        fail(
          existing,
          "neither 'securityGroups' nor 'peer' is given, so that no function could be let out to the " +
            'database; name its security groups,' +
            " or as 'peer' its address, such as ec2.Peer.ipv4('10.20.0.5/32')",
        );
      }
      return {
        ...attributes,
        engine: attributes.engine ?? 'postgres',
        port: asText(port),
        connections: new ec2.Connections({ securityGroups, peer, defaultPort: ec2.Port.tcp(port) }),
        answers: [],
      };
    });
  }

  /** Engine as secrets name it. */
  public readonly engine: string;
  /** Host name of the endpoint that writes. */
  public readonly host: string;
  /** TCP port, as text. */
  public readonly port: string;
  /** Database that applications connect to. */
  public readonly databaseName: string;
  /** Host name for those who only read. */
  public readonly readerHost?: string;
  /** Identifier of the instance, where the database is one. */
  public readonly dbInstanceIdentifier?: string;
  /** Identifier of the cluster, where the database is one. */
  public readonly dbClusterIdentifier?: string;
  /** What `rds-db:connect` names the database. */
  public readonly resourceId?: string;
  /** Secret of the master user. */
  public readonly adminSecret: secretsmanager.ISecret;
  /** Who may connect. Rules that are made by it are resources in the scope of this construct. */
  public readonly connections: ec2.Connections;

  private constructor(scope: Construct, id: string, describe: (existing: Construct) => Existing) {
    super(scope, id);
    const existing = describe(this);
    this.engine = existing.engine;
    this.host = existing.host;
    this.port = existing.port;
    this.databaseName = existing.databaseName;
    this.readerHost = existing.readerHost;
    this.dbInstanceIdentifier = existing.dbInstanceIdentifier;
    this.dbClusterIdentifier = existing.dbClusterIdentifier;
    this.resourceId = existing.resourceId;
    this.adminSecret = existing.adminSecret;
    this.connections = rulesIn(this, existing.connections);
    Dependable.implement(this, { dependencyRoots: existing.answers });
  }
}

/** A database as one of the factories found it. */
interface Existing extends Omit<PostgresDatabaseAttributes, 'port' | 'engine' | 'securityGroups' | 'peer'> {
  readonly engine: string;
  readonly port: string;
  readonly connections: ec2.Connections;
  /** What must be there before the database answers. */
  readonly answers: IConstruct[];
}

function checkEngine(scope: IConstruct, prop: string, wanted: string, engine: rds.IEngine | undefined): void {
  if (!engine) return;
  if (engine.engineType !== wanted) {
    fail(scope, `'${prop}' is of the engine ${engine.engineType}; this library is for PostgreSQL`);
  }
  checkMajor(scope, prop, engine.engineVersion?.majorVersion);
}

function secretOf(scope: IConstruct, prop: string, database: IConstruct): secretsmanager.ISecret {
  const { secret } = database as { secret?: secretsmanager.ISecret };
  return (
    secret ??
    fail(
      scope,
      `'adminSecret' is missing, and '${prop}' (${database.node.path}) has no secret of its own;` +
        ' name the secret of its master user, or of another role that may create roles',
    )
  );
}

function asText(port: number): string {
  return Token.isUnresolved(port) ? Token.asString(port) : String(port);
}

/** An imported cluster throws for what it was not imported with. */
function given(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** The resources of a database of this app. A cluster has its endpoint before an instance answers there. */
function serversIn(database: IConstruct): IConstruct[] {
  return database.node
    .findAll()
    .filter(child => child instanceof rds.CfnDBInstance || child instanceof rds.CfnDBCluster);
}

/**
 * The same groups, imported here: a rule that `Connections` adds would otherwise stand in the stack of the database,
 * which would come to depend on the consumer's.
 */
function rulesIn(scope: Construct, connections: ec2.Connections): ec2.Connections {
  if (connections.securityGroups.length === 0) return connections;
  return new ec2.Connections({
    defaultPort: connections.defaultPort,
    securityGroups: connections.securityGroups.map((group, index) =>
      ec2.SecurityGroup.fromSecurityGroupId(scope, `SecurityGroup${index || ''}`, group.securityGroupId),
    ),
  });
}
