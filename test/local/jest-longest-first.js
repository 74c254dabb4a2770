const { relative } = require('node:path');
const Sequencer = require('@jest/test-sequencer').default;

/** Files that take longest, which jest guesses by their size as long as it has no times of its own. */
const LONGEST = ['test/examples/examples.test.ts', 'test/examples/hardened.test.ts', 'test/client/package.test.ts'];

/** Begins with the files that take longest, so that no core waits for them in the end. */
module.exports = class extends Sequencer {
  sort(tests) {
    const rank = ({ path, context }) => {
      const index = LONGEST.indexOf(relative(context.config.rootDir, path));
      return index < 0 ? LONGEST.length : index;
    };
    return super.sort(tests).sort((one, other) => rank(one) - rank(other));
  }
};
