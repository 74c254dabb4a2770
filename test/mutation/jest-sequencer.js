/** Has jest run its test files in the order of an environment variable. JavaScript, because jest does not transpile it. */
const { relative } = require('node:path');

module.exports = class MutationSequencer {
  shard(tests) {
    return tests;
  }

  sort(tests) {
    const order = JSON.parse(process.env.MUTATION_ORDER);
    const rank = ({ path, context }) => order.indexOf(relative(context.config.rootDir, path));
    return [...tests].sort((a, b) => rank(a) - rank(b));
  }

  allFailedTests() {
    return [];
  }

  cacheResults() {}
};
