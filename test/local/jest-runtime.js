const { default: Runtime } = require('jest-runtime');

/**
 * aws-cdk-lib and what is built on it. To load it takes longer than most files of tests, and nothing in it is any
 * test's own: so a worker loads it once, outside of jest's registry of modules, for all files.
 */
const SHARED = /^(aws-cdk-lib|cdk-nag|constructs)(\/|$)/;

module.exports = class extends Runtime {
  #resolver;

  constructor(config, environment, resolver, ...others) {
    super(config, environment, resolver, ...others);
    this.#resolver = resolver;
  }

  requireModuleOrMock(from, name) {
    return SHARED.test(name) ? this.#shared(from, name) : super.requireModuleOrMock(from, name);
  }

  requireActual(from, name) {
    return SHARED.test(name) ? this.#shared(from, name) : super.requireActual(from, name);
  }

  /** Where `moduleNameMapper` leads to another version, it is that one. */
  #shared(from, name) {
    return require(this.#resolver.resolveModule(from, name, { conditions: ['require', 'default', 'node'] }));
  }
};
