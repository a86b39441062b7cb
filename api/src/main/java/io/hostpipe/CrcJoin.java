package io.hostpipe;

/**
 * Joins the CRCs of two neighbouring byte ranges without reading the bytes again.
 *
 * <p>A reflected CRC register is a polynomial over GF(2); appending n zero bytes multiplies it by
 * x^(8n) modulo the CRC's polynomial. Hence {@code crc(AB) = crc(A) * x^(8|B|) + crc(B)}: the pre-
 * and post-inversion cancel out. x^(8n) comes from a table of the powers x^(2^k), so a join costs
 * at most 64 multiplications of 32 steps, about a microsecond.
 */
final class CrcJoin {
  static final CrcJoin CASTAGNOLI = new CrcJoin(0x82F6_3B78);
  static final CrcJoin ISO = new CrcJoin(0xEDB8_8320);

  private final int reflectedPolynomial;
  private final int[] squares = new int[64];

  /** The power that was computed last; racing threads overwrite each other's, which is harmless. */
  private Power last = new Power(0, 1 << 31);

  private CrcJoin(int reflectedPolynomial) {
    this.reflectedPolynomial = reflectedPolynomial;
    // x^1 in reflected notation: bit 31 is x^0, bit 30 is x^1.
    squares[0] = 1 << 30;
    for (int k = 1; k < squares.length; k++) {
      squares[k] = multiply(squares[k - 1], squares[k - 1]);
    }
  }

  int join(int crcFirst, int crcSecond, long lengthSecondBytes) {
    Power power = last;
    if (power.lengthBytes != lengthSecondBytes) {
      power = new Power(lengthSecondBytes, powerOfX(lengthSecondBytes * 8));
      last = power;
    }
    return multiply(crcFirst, power.value) ^ crcSecond;
  }

  private int powerOfX(long exponent) {
    int power = 1 << 31;
    for (int k = 0; exponent != 0; k++, exponent >>>= 1) {
      if ((exponent & 1) != 0) {
        power = multiply(squares[k], power);
      }
    }
    return power;
  }

  private int multiply(int a, int b) {
    int product = 0;
    for (int bit = 31; bit >= 0 && a != 0; bit--) {
      // Branch-free: the bits of a CRC are random, so a branch would be mispredicted half the time.
      product ^= b & (a >> 31);
      a <<= 1;
      b = (b >>> 1) ^ (reflectedPolynomial & -(b & 1));
    }
    return product;
  }

  /** x^(8 lengthBytes): immutable, so safe to share without synchronisation. */
  private record Power(long lengthBytes, int value) {}
}
