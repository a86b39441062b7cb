package io.hostpipe.spi;

import io.hostpipe.Source;

/**
 * A {@link Source} of requests: what is written into the other half of its pipe answers one after
 * the other.
 *
 * <p>A request that its destination refuses is told by {@link Source#reject} before anything behind
 * it is put, so that the next answer is that of the next request. It ends nothing: the requests of
 * others have nothing to do with it. Thread rule: as {@link Source}; rejections from any thread.
 */
public interface RequestSource extends Source {}
