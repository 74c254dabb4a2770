import { Annotations, CfnResource, Stack } from 'aws-cdk-lib';

/** CloudFormation's limit of a template. */
const MOST_RESOURCES = 500;
const WAYS_OUT =
  'Spread the databases over several stacks, each with a RotationFunction for its own (examples/fleet ' +
  'does so by CDK stages);' +
  ' within a stack, users of one database and databases that share a RotationFunction take the fewest ' +
  'resources (examples/shared-function)';

const watched = new WeakSet<Stack>();

/** Says at synthesis what to do about a stack with more resources than CloudFormation takes. */
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
      // Where it has a limit, aws-cdk-lib ends the synthesis with this number and without the way out, and shows no
      // warning.
      return stack.node.tryGetContext('@aws-cdk/core:stackResourceLimit') === undefined ? [message] : [];
    },
  });
}
