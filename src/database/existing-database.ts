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
 * An existing PostgreSQL database, in this app or elsewhere. The construct creates no database resource and changes
 * none. Security group rules that admit clients are created in this construct's stack.
 */
export class PostgresDatabase extends Construct implements IPostgresDatabase {
  /**
   * An RDS for PostgreSQL instance, created in this app or imported.
   *
   * @throws when the instance is a read replica, has another engine or a PostgreSQL version before 14, or has no secret
   * and `adminSecret` is not given
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
   * An Aurora PostgreSQL cluster or a Multi-AZ DB cluster, created in this app or imported with its endpoint, port and
   * security groups.
   *
   * @throws when the cluster has another engine or a PostgreSQL version before 14, or has no secret and `adminSecret`
   * is not given
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
   * TLS is verified against the root certificates of Amazon RDS. For a certificate of another authority, give its root
   * certificate to `rotationFunction.function` and `userProvider.function`: add a layer with the PEM file, and set the
   * environment variable `NODE_EXTRA_CA_CERTS` to its path, such as `/opt/root.pem`.
   *
   * @throws when neither `securityGroups` nor `peer` is given
   */
  public static fromAttributes(scope: Construct, id: string, attributes: PostgresDatabaseAttributes): PostgresDatabase {
    return new PostgresDatabase(scope, id, existing => {
      const { port = 5432, securityGroups = [], peer } = attributes;
      if (securityGroups.length === 0 && !peer) {
        fail(
          existing,
          "neither 'securityGroups' nor 'peer' is given, so that functions would get no egress rule to the " +
            'database; name its security groups,' +
            " or its address as 'peer', such as ec2.Peer.ipv4('10.20.0.5/32')",
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

  /** Value of the secret's `engine` field. */
  public readonly engine: string;
  /** Host name of the writer endpoint. */
  public readonly host: string;
  /** TCP port, as a string. */
  public readonly port: string;
  /** Database that applications connect to. */
  public readonly databaseName: string;
  /** Host name of a read-only endpoint. */
  public readonly readerHost?: string;
  /** Identifier of the RDS instance, if the database is one. */
  public readonly dbInstanceIdentifier?: string;
  /** Identifier of the cluster, if the database is one. */
  public readonly dbClusterIdentifier?: string;
  /** Resource id of the instance or cluster, for `rds-db:connect`. */
  public readonly resourceId?: string;
  /** Secret of the master user. */
  public readonly adminSecret: secretsmanager.ISecret;
  /** Network connections of the database. Rules made through it are created in the scope of this construct. */
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

/** A database, as one of the factory methods describes it. */
interface Existing extends Omit<PostgresDatabaseAttributes, 'port' | 'engine' | 'securityGroups' | 'peer'> {
  readonly engine: string;
  readonly port: string;
  readonly connections: ec2.Connections;
  /** The resources that must exist before the database answers. */
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

/** An imported cluster throws for attributes that it was not imported with. */
function given(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** The resources of a database of this app. The endpoint of a cluster exists before an instance answers at it. */
function serversIn(database: IConstruct): IConstruct[] {
  return database.node
    .findAll()
    .filter(child => child instanceof rds.CfnDBInstance || child instanceof rds.CfnDBCluster);
}

/**
 * Imports the security groups into this scope. Otherwise `Connections` would create rules in the database's stack,
 * which would then depend on the consumer's stack.
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
