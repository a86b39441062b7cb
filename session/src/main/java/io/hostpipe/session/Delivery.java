package io.hostpipe.session;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Received bytes for the application, in order.
 *
 * @param position of the first byte
 * @param bytes the content, read-only by agreement
 * @param lease what the bytes lie in; the taker releases it
 * @param cursor the source's place behind the last byte
 */
@SuppressWarnings("ArrayRecordComponent") // opaque, never compared
public record Delivery(long position, ByteBuffer bytes, Lease lease, byte @Nullable [] cursor) {}
