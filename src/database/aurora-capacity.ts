import { Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';

/** The limits between which Aurora Serverless v2 scales each instance. */
export interface ServerlessCapacity {
  /**
   * Minimum capacity of each instance in Aurora capacity units (ACU, about 2 GiB of memory each), in steps of 0.5. With
   * 0, an idle cluster pauses; the next connection, also that of a rotation, then waits about 15 seconds.
   * @default 0.5
   */
  readonly minimum?: number;
  /**
   * Maximum capacity of each instance in ACU, 1 to 256.
   * @default 8
   */
  readonly maximum?: number;
}

/** The capacity of the instances of an `AuroraCluster`. */
export class AuroraCapacity {
  /** Aurora Serverless v2: each instance scales with its load. */
  public static serverlessV2(capacity: ServerlessCapacity = {}): AuroraCapacity {
    const limits = { serverlessV2MinCapacity: capacity.minimum ?? 0.5, serverlessV2MaxCapacity: capacity.maximum ?? 8 };
    // The first reader scales with the writer, because it takes over when the writer fails.
    return new AuroraCapacity(limits, (id, index, options) =>
      rds.ClusterInstance.serverlessV2(id, { ...options, scaleWithWriter: index === 1 }),
    );
  }

  /** Instances of a fixed instance type, such as `r8g.large`. */
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
   * Limits that are tokens, which aws-cdk-lib would validate as numbers.
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
   * The writer, the readers and their limits, for aws-cdk-lib.
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

/** Construct id of the writer in aws-cdk-lib's cluster. */
export const WRITER = 'Writer';

/** The last promotion tier of Aurora. */
const LAST_TIER = 15;
