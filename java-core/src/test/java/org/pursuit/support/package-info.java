/**
 * What the contract tests share: the backends under test, the seed, inputs, guarded outputs and
 * references. Independent of every backend's code.
 */
package org.pursuit.support;
