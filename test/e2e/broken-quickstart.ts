import assert from 'node:assert/strict';
import { Checks } from './checks';
import { Deployment, Template, TemplateResource } from './deployment';
import { example } from './examples';
import { LocalCloud } from './local-cloud';
import { Env } from '../../src/contract';

interface Fault {
  /** What of the quickstart is missing or wrong. */
  readonly name: string;
  readonly make: (template: Template) => void;
  /** What the failed deployment says. */
  readonly cause: RegExp;
}

type Matches = (properties: Record<string, unknown>) => boolean;

const USER = 'Custom::RotatingPostgresUser';
const PROOF = 'Custom::RotatingPostgresFirstRotation';
const ENDPOINT = 'AWS::EC2::VPCEndpoint';
const HTTPS: Matches = ({ FromPort }) => FromPort === 443;
const USER_FUNCTION: Matches = ({ Description }) => Description === 'Creation of PostgreSQL users';
const ROTATION_FUNCTION: Matches = ({ Description }) => Description === 'Rotation of PostgreSQL credentials';

const FAULTS: Fault[] = [
  {
    name: 'no egress rule to the endpoint',
    make: template => remove(template, 'AWS::EC2::SecurityGroupEgress', HTTPS),
    cause: /no egress rule of function \S+ leads to the endpoint for secretsmanager on port 443/,
  },
  {
    name: 'no ingress rule of the endpoint',
    make: template =>
      change(template, 'AWS::EC2::SecurityGroup', hasRuleFor443, properties => {
        delete properties.SecurityGroupIngress;
      }),
    cause: /no ingress rule of the endpoint for secretsmanager admits function \S+ on port 443/,
  },
  {
    name: 'no endpoint, and no NAT gateway',
    make: template => remove(template, ENDPOINT),
    cause:
      /does not reach secretsmanager, for which vpc-\w+ has no endpoint with private DNS: subnet-\w+ has no route to a NAT gateway/,
  },
  {
    name: 'an endpoint without private DNS',
    make: template =>
      change(template, ENDPOINT, anything, properties => {
        properties.PrivateDnsEnabled = false;
      }),
    cause: /vpc-\w+ has no endpoint with private DNS/,
  },
  {
    name: 'an endpoint in a subnet that is not there',
    make: template =>
      change(template, ENDPOINT, anything, properties => {
        properties.SubnetIds = ['subnet-0'];
      }),
    cause: /InvalidSubnetId\.NotFound/,
  },
  {
    name: 'an endpoint with private DNS in a VPC without DNS host names',
    make: template =>
      change(template, 'AWS::EC2::VPC', anything, properties => {
        properties.EnableDnsHostnames = false;
      }),
    cause: /requires both enableDnsSupport and enableDnsHostnames/,
  },
  {
    name: 'a second endpoint with private DNS',
    make: template => {
      template.Resources.SecondEndpoint = {
        ...find(template, ENDPOINT)[0][1],
        DependsOn: find(template, ENDPOINT)[0][0],
      };
    },
    cause: /conflicting DNS domain for secretsmanager/,
  },
  {
    name: 'no egress rule to the database',
    make: template => remove(template, 'AWS::EC2::SecurityGroupEgress', properties => !HTTPS(properties)),
    cause: /no egress rule of function \S+ leads to database \S+ on port \d+/,
  },
  {
    name: 'no ingress rule of the database',
    make: template => remove(template, 'AWS::EC2::SecurityGroupIngress', properties => !HTTPS(properties)),
    cause: /no ingress rule of database \S+ admits function \S+ on port \d+/,
  },
  {
    name: 'a user resource that waits for nothing',
    make: template => {
      for (const [, resource] of find(template, USER)) delete resource.DependsOn;
    },
    cause: /local cloud: .*(no egress rule|no ingress rule|no endpoint)/,
  },
  {
    name: 'a function outside the VPC that logs in to the database',
    make: template =>
      change(template, 'AWS::Lambda::Function', USER_FUNCTION, properties => {
        delete properties.VpcConfig;
      }),
    cause: /function \S+ is in no VPC, database \S+ is/,
  },
  {
    name: 'a function in the VPC that answers CloudFormation itself',
    make: template => {
      const [[id]] = find(template, 'AWS::Lambda::Function', USER_FUNCTION);
      change(template, USER, anything, properties => {
        properties.ServiceToken = { 'Fn::GetAtt': [id, 'Arn'] };
      });
    },
    cause:
      /did not receive a response from your Custom Resource\..* does not reach CloudFormation's response URL: subnet-\w+ has no route to a NAT/,
  },
  {
    name: 'an invoke permission for another service',
    make: template =>
      change(template, 'AWS::Lambda::Permission', anything, properties => {
        properties.Principal = 'events.amazonaws.com';
      }),
    cause: /Secrets Manager cannot invoke .* is about {'Service': 'events\.amazonaws\.com'}/,
  },
  {
    name: 'an invoke permission for another account',
    make: template =>
      change(template, 'AWS::Lambda::Permission', anything, properties => {
        properties.SourceAccount = '111122223333';
      }),
    cause: /wants AWS:SourceAccount to be 111122223333, and it is 000000000000/,
  },
  {
    name: 'an invoke permission for a source ARN, which AWS does not document',
    make: template =>
      change(template, 'AWS::Lambda::Permission', anything, properties => {
        properties.SourceArn = 'arn:aws:secretsmanager:*:*:secret:*';
      }),
    cause: /wants AWS:SourceArn to be \S+, and it is not sent/,
  },
  {
    name: 'a first rotation that its function refuses',
    make: template => {
      change(template, 'AWS::Lambda::Function', ROTATION_FUNCTION, properties => {
        properties.Environment = { Variables: { [Env.SERVERS]: 'elsewhere.example.com:5432' } };
      });
      change(template, PROOF, anything, properties => {
        properties.timeoutSeconds = '2';
      });
    },
    cause: /the first rotation did not succeed within 2 s: .*Binding: /,
  },
];

/**
 * Each rule of the local cloud has a stack that breaks it: one change to the quickstart makes its deployment fail, and
 * it says why.
 */
export async function checkBrokenQuickstart(checks: Checks, cloud: LocalCloud): Promise<void> {
  const [{ template }] = await example(cloud, 'quickstart');
  for (const [index, { name, make, cause }] of FAULTS.entries()) {
    await checks.check(`a deployment fails: ${name}`, async () => {
      const broken = structuredClone(template);
      make(broken);
      await assert.rejects(new Deployment(cloud, `Broken${index}`, broken).create(), cause);
    });
  }
}

function find({ Resources }: Template, type: string, matches: Matches = anything): [string, TemplateResource][] {
  const found = Object.entries(Resources).filter(
    ([, resource]) => resource.Type === type && matches(resource.Properties ?? {}),
  );
  assert.ok(found.length > 0, `the quickstart has no such ${type}`);
  return found;
}

function change(
  template: Template,
  type: string,
  matches: Matches,
  make: (properties: Record<string, unknown>) => void,
): void {
  for (const [, { Properties = {} }] of find(template, type, matches)) make(Properties);
}

function remove(template: Template, type: string, matches: Matches = anything): void {
  const ids = new Set(find(template, type, matches).map(([id]) => id));
  for (const id of ids) delete template.Resources[id];
  for (const resource of Object.values(template.Resources)) {
    if (resource.DependsOn) resource.DependsOn = [resource.DependsOn].flat().filter(id => !ids.has(id));
  }
}

function anything(): boolean {
  return true;
}

function hasRuleFor443({ SecurityGroupIngress: rules }: Record<string, unknown>): boolean {
  return Array.isArray(rules) && rules.some(rule => HTTPS(rule as Record<string, unknown>));
}
