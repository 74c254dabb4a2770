import { Annotations, CfnResource, Stack } from 'aws-cdk-lib';

/** The maximum number of resources in a CloudFormation template. */
const MOST_RESOURCES = 500;
const WAYS_OUT =
  'Spread the databases over several stacks, each with a RotationFunction for its own (examples/fleet ' +
  'does so by CDK stages);' +
  ' within a stack, users of one database and databases that share a RotationFunction take the fewest ' +
  'resources (examples/shared-function)';

const watched = new WeakSet<Stack>();

/** Warns at synthesis about a stack with more resources than CloudFormation allows, and says what to do. */
export function warnOfResourceLimit(stack: Stack): void {
  if (watched.has(stack)) return;
  watched.add(stack);
  stack.node.addValidation({
    validate: () => {
      const count = stack.node
        .findAll()
        .filter(construct => CfnResource.isCfnResource(construct) && construct.stack === stack).length;
      if (count <= MOST_RESOURCES) return [];
      const message = `the stack has ${count} resources, and CloudFormation takes ${MOST_RESOURCES}. ${WAYS_OUT}`;
      Annotations.of(stack).addWarningV2('cdk-rotating-postgres:too-many-resources', message);
      // With a resource limit of its own, aws-cdk-lib fails with the number of resources only, and shows no warning.
      return stack.node.tryGetContext('@aws-cdk/core:stackResourceLimit') === undefined ? [message] : [];
    },
  });
}
