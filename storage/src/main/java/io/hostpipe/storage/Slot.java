package io.hostpipe.storage;

import io.hostpipe.Resume;
import io.hostpipe.StreamId;

/**
 * How far a file has got with one of its streams.
 *
 * @param held position, cursor, digest and epoch
 * @param endOffset where in the file its last byte ends
 * @param finished whether the stream has ended there
 */
public record Slot(StreamId stream, Resume held, long endOffset, boolean finished) {}
