import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { IConstruct } from 'constructs';

/**
 * Which pods get a role. Each limit is a condition on a tag of the session, which `disableSessionTags` of an
 * association takes away.
 */
export interface PodIdentityOptions {
  /**
   * ARN of the cluster.
   * @default - every cluster of the account
   */
  readonly clusterArn?: string;
  /**
   * Kubernetes namespace of the pods.
   * @default - every namespace
   */
  readonly namespace?: string;
  /**
   * Kubernetes service account of the pods.
   * @default - every service account that an association gives the role
   */
  readonly serviceAccount?: string;
}

/**
 * Who may assume the role of a consumer: `new iam.Role(this, 'Role', { assumedBy: ServiceTrust.ecsTasks(this) })`.
 *
 * The conditions are those that AWS documents for the service, for a condition on what a service does not send denies
 * every assumption of the role. `aws:SourceAccount` and `aws:SourceArn` keep the service from assuming the role for
 * somebody else's resource.
 */
export class ServiceTrust {
  /**
   * AWS Lambda. Without conditions: AWS documents no source account or ARN for execution roles. A function can be given
   * only a role of its own account, by somebody with `iam:PassRole` on it.
   */
  public static lambda(): iam.IPrincipal {
    return new iam.ServicePrincipal('lambda.amazonaws.com');
  }

  /**
   * Amazon EC2, by an instance profile. Without conditions: AWS documents no source account or ARN for it. An instance
   * can be given only a role of its own account, by somebody with `iam:PassRole` on it.
   */
  public static ec2(): iam.IPrincipal {
    return new iam.ServicePrincipal('ec2.amazonaws.com');
  }

  /**
   * Tasks of Amazon ECS, for task roles and task execution roles: of this account and Region. AWS documents that a
   * single cluster cannot be named.
   *
   * @param scope Any construct of the stack whose account and Region are meant.
   */
  public static ecsTasks(scope: IConstruct): iam.IPrincipal {
    const { partition, region, account } = Stack.of(scope);
    return new iam.ServicePrincipal('ecs-tasks.amazonaws.com').withConditions({
      StringEquals: { 'aws:SourceAccount': account },
      ArnLike: { 'aws:SourceArn': `arn:${partition}:ecs:${region}:${account}:*` },
    });
  }

  /**
   * Pods of Amazon EKS, by Pod Identity, which also tags the session. AWS documents no source account or ARN for it,
   * but the tags, by which the role can be limited to a cluster, a namespace and a service account.
   */
  public static eksPods(options: PodIdentityOptions = {}): iam.IPrincipal {
    const tags = Object.entries({
      'eks-cluster-arn': options.clusterArn,
      'kubernetes-namespace': options.namespace,
      'kubernetes-service-account': options.serviceAccount,
    }).flatMap(([tag, value]) => (value === undefined ? [] : [[`aws:RequestTag/${tag}`, value]]));
    const pods = new iam.ServicePrincipal('pods.eks.amazonaws.com');
    return new iam.SessionTagsPrincipal(
      tags.length > 0 ? pods.withConditions({ StringEquals: Object.fromEntries(tags) }) : pods,
    );
  }
}
