import { Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';

/** Between which limits Aurora Serverless v2 scales an instance. */
export interface ServerlessCapacity {
  /**
   * Least capacity of each instance in Aurora capacity units of some 2 GiB of memory, in steps of a half. Zero pauses
   * an idle cluster; the first connection then waits some 15 seconds, a rotation's too.
   * @default 0.5
   */
  readonly minimum?: number;
  /**
   * Most capacity of each instance, in the same units, 1 to 256.
   * @default 8
   */
  readonly maximum?: number;
}

/** What the instances of an `AuroraCluster` run on. */
export class AuroraCapacity {
  /** Aurora Serverless v2: each instance grows and shrinks with its load. */
  public static serverlessV2(capacity: ServerlessCapacity = {}): AuroraCapacity {
    const limits = { serverlessV2MinCapacity: capacity.minimum ?? 0.5, serverlessV2MaxCapacity: capacity.maximum ?? 8 };
    // The first reader has to be as large as the writer, whose place it takes when that fails.
    return new AuroraCapacity(limits, (id, index, options) =>
      rds.ClusterInstance.serverlessV2(id, { ...options, scaleWithWriter: index === 1 }),
    );
  }

  /** Instances of a fixed class, such as `r8g.large`. */
  public static provisioned(instanceType: ec2.InstanceType): AuroraCapacity {
    return new AuroraCapacity({}, (id, index, options) =>
      rds.ClusterInstance.provisioned(id, {
        ...options,
        instanceType,
        promotionTier: Math.min(index, LAST_TIER),
      }),
    );
  }

  private constructor(
    private readonly limits: Pick<rds.DatabaseClusterProps, 'serverlessV2MinCapacity' | 'serverlessV2MaxCapacity'>,
    private readonly instance: (id: string, index: number, options: rds.ClusterInstanceOptions) => rds.IClusterInstance,
  ) {}

  /**
   * Limits that only the deployment knows, and aws-cdk-lib would take for numbers.
   *
   * @internal
   */
  public get _unjudged(): rds.CfnDBCluster.ServerlessV2ScalingConfigurationProperty | undefined {
    const { serverlessV2MinCapacity: minCapacity, serverlessV2MaxCapacity: maxCapacity } = this.limits;
    return [minCapacity, maxCapacity].some(limit => Token.isUnresolved(limit))
      ? { minCapacity, maxCapacity }
      : undefined;
  }

  /**
   * The writer, the readers and their limits, as aws-cdk-lib takes them.
   *
   * @internal
   */
  public _instances(readers: number, options: rds.ClusterInstanceOptions) {
    return {
      ...(this._unjudged ? {} : this.limits),
      writer: this.instance(WRITER, 0, options),
      readers: Array.from({ length: readers }, (_, index) => this.instance(`Reader${index + 1}`, index + 1, options)),
    };
  }
}

/** Id of the writer in the tree of aws-cdk-lib's cluster. */
export const WRITER = 'Writer';

/** Tiers of promotion end there. */
const LAST_TIER = 15;
