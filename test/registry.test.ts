/**
 * Aim: an extension without a test of its own is still tried. Method: walk the registry with each kind's
 * conformance suite; connectors need real systems and are walked by extensions/connectors/connectors.test.ts.
 */
import { auth } from '../generated/auth.ts';
import { connectors } from '../generated/connectors.ts';
import { policies } from '../generated/policies.ts';
import { authSuite } from '../src/sdk/suites/auth.suite.ts';
import { componentSuite } from '../src/sdk/suites/component.suite.ts';
import { policySuite } from '../src/sdk/suites/policy.suite.ts';

for (const policy of policies.values()) policySuite(policy);
for (const method of auth.values()) authSuite(method);
for (const connector of connectors.values()) componentSuite(connector);
