import { RemovalPolicy } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { deployedAs, FORMS } from './state/forms';
import resources from './state/resources.json';
import { statefulResources } from './state/stateful';
import { resourcesOf } from './support/stacks';
import { DatabaseSource, RotatingPostgres, RotatingPostgresProps } from '../../src';

const committed: Readonly<Record<string, unknown>> = resources;
const templates = new Map(Object.entries(FORMS).map(([form, make]) => [form, Template.fromStack(deployedAs(make))]));

/**
 * When this fails, the change at hand would replace or lose a database, a secret or a key of everyone who upgrades:
 * change the code back, not the list. `GenerateSecretString` counts, for a change publishes a password that no database
 * knows. Only for a new form, or a new resource beside those that are there, is what this prints added to
 * state/resources.json.
 */
test.each([...templates.keys()])('what an upgrade must not replace is as it was: %s', form => {
  expect(statefulResources(templates.get(form)!)).toEqual(committed[form]);
});

test('every form that was ever pinned still is', () => {
  expect(Object.keys(committed).sort()).toEqual([...templates.keys()].sort());
});

test('what can be edited without a loss changes nothing that is pinned', () => {
  expect(statefulResources(templates.get('everything that can change without a loss')!)).toEqual(
    statefulResources(templates.get('default')!),
  );
});

/** What has a name that nothing else in its account, or VPC, may have. */
const NAMES: Readonly<Record<string, string>> = {
  'AWS::SecretsManager::Secret': 'Name',
  'AWS::RDS::DBInstance': 'DBInstanceIdentifier',
  'AWS::RDS::DBCluster': 'DBClusterIdentifier',
  'AWS::RDS::DBSubnetGroup': 'DBSubnetGroupName',
  'AWS::RDS::DBParameterGroup': 'DBParameterGroupName',
  'AWS::RDS::DBClusterParameterGroup': 'DBClusterParameterGroupName',
  'AWS::EC2::SecurityGroup': 'GroupName',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::IAM::Role': 'RoleName',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::CloudWatch::Alarm': 'AlarmName',
  'AWS::Events::Rule': 'Name',
};

test(
  'nothing has a name of its own unless asked, so that what stays behind, or waits for its deletion, ' +
    "is in nobody's way",
  () => {
    const named = (form: string) =>
      Object.entries(resourcesOf(templates.get(form)!))
        .filter(([, { Type, Properties }]) => Type in NAMES && Properties?.[NAMES[Type]] !== undefined)
        .map(([id]) => id);
    for (const form of Object.keys(FORMS).filter(key => key !== 'names of its own')) {
      expect([form, named(form)]).toEqual([form, []]);
    }
    expect(named('names of its own')).toEqual([
      expect.stringContaining('AdminSecret'),
      expect.stringContaining('UserSecret'),
    ]);
  },
);

describe('when they leave the stack', () => {
  const SOURCES: Record<string, () => DatabaseSource> = {
    'an instance': () => DatabaseSource.instance(),
    'an instance whose admin RDS manages': () => DatabaseSource.instance({ managedAdminPassword: true }),
    'an Aurora cluster': () => DatabaseSource.aurora(),
    'a Multi-AZ cluster': () => DatabaseSource.multiAzCluster(),
  };
  const ways: [string, RemovalPolicy | undefined][] = Object.keys(SOURCES).flatMap(source =>
    [undefined, RemovalPolicy.SNAPSHOT, RemovalPolicy.DESTROY].map((policy): [string, RemovalPolicy | undefined] => [
      source,
      policy,
    ]),
  );

  /** Of the stateful resources by type: what happens to them, and to what is replaced. */
  function policies(props: Partial<RotatingPostgresProps>) {
    const template = Template.fromStack(
      deployedAs((stack, vpc) => void new RotatingPostgres(stack, 'Orders', { vpc, ...props })),
    );
    const all = Object.entries(resourcesOf(template)).filter(([id]) => id in statefulResources(template));
    const of = (...types: string[]) => [
      ...new Set(
        all
          .filter(([, { Type }]) => types.includes(Type))
          .flatMap(([, { DeletionPolicy, UpdateReplacePolicy }]) => [DeletionPolicy, UpdateReplacePolicy]),
      ),
    ];
    const protection = all.flatMap(
      ([
        ,
        {
          Properties: { DeletionProtection },
        },
      ]) => DeletionProtection ?? [],
    );
    return {
      key: of('AWS::KMS::Key'),
      secrets: of('AWS::SecretsManager::Secret', 'AWS::SecretsManager::SecretTargetAttachment'),
      user: of('Custom::RotatingPostgresUser'),
      protected: [...new Set(protection)],
      // The instances of a cluster hold nothing.
      database: of(
        all.some(([, { Type }]) => Type === 'AWS::RDS::DBCluster') ? 'AWS::RDS::DBCluster' : 'AWS::RDS::DBInstance',
      ),
    };
  }

  test.each(ways)('%s, with the policy %s', (source, removalPolicy) => {
    const goes = removalPolicy === RemovalPolicy.DESTROY;
    const rest = goes ? ['Delete'] : ['Retain'];
    expect(policies({ database: SOURCES[source](), removalPolicy })).toEqual({
      key: rest,
      secrets: rest,
      user: rest,
      protected: [!goes],
      database: removalPolicy === RemovalPolicy.SNAPSHOT ? ['Snapshot'] : rest,
    });
  });
});
