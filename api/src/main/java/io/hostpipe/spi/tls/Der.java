package io.hostpipe.spi.tls;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;

/**
 * Writes the little DER (ITU-T X.690) that a certificate and a key need. Each method gives one
 * whole element: tag, length in the shortest form, content.
 */
public final class Der {
  public static final int SEQUENCE = 0x30;
  public static final int SET = 0x31;
  public static final int OCTET_STRING = 0x04;
  public static final int OBJECT_IDENTIFIER = 0x06;
  public static final int UTF8_STRING = 0x0C;
  public static final int UTC_TIME = 0x17;
  public static final int GENERALIZED_TIME = 0x18;

  /** The dNSName among the general names: context specific, primitive. */
  public static final int DNS_NAME = 0x82;

  private static final int INTEGER = 0x02;
  private static final int BIT_STRING = 0x03;
  private static final int CONTEXT = 0xA0;
  private static final int SHORT_LENGTH_MAX = 0x7F;

  private Der() {}

  /** An element of this tag around the given parts, in order. */
  public static byte[] of(int tag, byte[]... parts) {
    int lengthBytes = 0;
    for (byte[] part : parts) {
      lengthBytes += part.length;
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream(lengthBytes + 6);
    out.write(tag);
    if (lengthBytes <= SHORT_LENGTH_MAX) {
      out.write(lengthBytes);
    } else {
      int lengthOfLength = (Integer.SIZE - Integer.numberOfLeadingZeros(lengthBytes) + 7) / 8;
      out.write(0x80 | lengthOfLength);
      for (int shift = 8 * (lengthOfLength - 1); shift >= 0; shift -= 8) {
        out.write(lengthBytes >>> shift);
      }
    }
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  /** A text in UTF-8, which is ASCII where the tag allows no more. */
  public static byte[] text(int tag, String value) {
    return of(tag, value.getBytes(StandardCharsets.UTF_8));
  }

  /** A number in two's complement. */
  public static byte[] integer(BigInteger value) {
    return of(INTEGER, value.toByteArray());
  }

  /** Whole bytes: no unused bits. */
  public static byte[] bits(byte[] value) {
    return of(BIT_STRING, new byte[1], value);
  }

  /** Explicitly tagged, context specific. */
  public static byte[] tagged(int number, byte[]... parts) {
    return of(CONTEXT | number, parts);
  }

  /** An object identifier in dotted form. */
  public static byte[] oid(String dotted) {
    String[] numbers = dotted.split("\\.", -1);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(40 * Integer.parseInt(numbers[0]) + Integer.parseInt(numbers[1]));
    for (int index = 2; index < numbers.length; index++) {
      int number = Integer.parseInt(numbers[index]);
      for (int shift = 28; shift > 0; shift -= 7) {
        if (number >>> shift != 0) {
          out.write(0x80 | ((number >>> shift) & 0x7F));
        }
      }
      out.write(number & 0x7F);
    }
    return of(OBJECT_IDENTIFIER, out.toByteArray());
  }
}
