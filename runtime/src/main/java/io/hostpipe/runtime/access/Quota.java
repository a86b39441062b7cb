package io.hostpipe.runtime.access;

import io.hostpipe.runtime.flow.Rate;
import org.jspecify.annotations.Nullable;

/**
 * How much one principal may have at a time on one place that listens.
 *
 * @param pipesMax pipes
 * @param bytesMax bytes that its pipes may have under way together, their first windows included
 * @param rate how fast its pipes may bring and fetch together; null for no limit
 */
public record Quota(int pipesMax, long bytesMax, @Nullable Rate rate) {
  /** No limits but those of the place. */
  public static final Quota NONE = new Quota(Integer.MAX_VALUE, Long.MAX_VALUE, null);

  /** This one where it says something, the other one where it does not. */
  Quota or(Quota other) {
    return new Quota(
        pipesMax == Integer.MAX_VALUE ? other.pipesMax : pipesMax,
        bytesMax == Long.MAX_VALUE ? other.bytesMax : bytesMax,
        rate == null ? other.rate : rate);
  }
}
