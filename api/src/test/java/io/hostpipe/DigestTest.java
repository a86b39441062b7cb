package io.hostpipe;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class DigestTest {
  @Test
  void isTheKnownOneOfTheCheckString() {
    Digest digest = Digest.of(Fixtures.bytes("123456789"));
    assertThat(digest).isEqualTo(new Digest(0xE3069283, 0xCBF43926));
    assertThat(digest).hasToString("crc32c:e3069283 crc32:cbf43926");
    assertThat(Digest.of(ByteBuffer.allocate(0))).isEqualTo(Digest.EMPTY);
  }

  @Test
  void ofAJoinIsTheOneOfTheConcatenation() {
    Random random = new Random(5);
    for (int round = 0; round < 2_000; round++) {
      byte[] all = Fixtures.random(random, random.nextInt(50_000));
      int split = all.length == 0 ? 0 : random.nextInt(all.length + 1);
      ByteBuffer first = ByteBuffer.wrap(all, 0, split);
      ByteBuffer second = ByteBuffer.wrap(all, split, all.length - split);
      Digest whole = Digest.of(ByteBuffer.wrap(all));
      assertThat(Digest.of(first).join(Digest.of(second), second.remaining())).isEqualTo(whole);
      assertThat(Digest.of(first).extend(second)).isEqualTo(whole);
      assertThat(first.position()).as("buffers stay as they are").isZero();
    }
  }

  @Test
  void joinsAreAssociativeOverLengthsThatNoArrayHas() {
    Random random = new Random(6);
    for (int round = 0; round < 200; round++) {
      Digest a = Digest.fromLong(random.nextLong());
      Digest b = Digest.fromLong(random.nextLong());
      Digest c = Digest.fromLong(random.nextLong());
      long lengthB = random.nextLong(1L << 50);
      long lengthC = random.nextLong(1L << 50);
      assertThat(a.join(b, lengthB).join(c, lengthC))
          .isEqualTo(a.join(b.join(c, lengthC), lengthB + lengthC));
      assertThat(a.join(Digest.EMPTY, 0)).isEqualTo(a);
    }
  }

  @Test
  void aLongRunOfZerosCountsWithItsLength() {
    byte[] zeros = new byte[1 << 20];
    Digest block = Digest.of(ByteBuffer.wrap(zeros));
    Digest four = block.join(block, zeros.length);
    four = four.join(four, 2L * zeros.length);
    Digester digester = new Digester(Digest.EMPTY);
    for (int each = 0; each < 4; each++) {
      digester.update(ByteBuffer.wrap(zeros));
    }
    assertThat(four).isEqualTo(digester.digest()).isNotEqualTo(block);
  }

  @Test
  void aDigesterGoesOnFromAnyDigestInAnyPieces() {
    Random random = new Random(7);
    byte[] all = Fixtures.random(random, 500_000);
    for (boolean direct : new boolean[] {true, false}) {
      ByteBuffer bytes =
          direct ? ByteBuffer.allocateDirect(all.length) : ByteBuffer.allocate(all.length);
      bytes.put(all).flip();
      Digester digester = new Digester(Digest.EMPTY);
      int at = 0;
      while (at < all.length) {
        int lengthBytes = Math.min(random.nextInt(60_000), all.length - at);
        digester.update(bytes.slice(at, lengthBytes).asReadOnlyBuffer());
        at += lengthBytes;
        if (random.nextInt(3) == 0) {
          assertThat(digester.digest()).isEqualTo(Digest.of(bytes.slice(0, at)));
          digester = new Digester(digester.digest());
        }
      }
      assertThat(digester.digest()).isEqualTo(Digest.of(ByteBuffer.wrap(all)));
      assertThat(digester.digest()).as("asked again").isEqualTo(digester.digest());
    }
  }

  @Test
  void fitsIntoALongAndBack() {
    Random random = new Random(8);
    for (int round = 0; round < 1_000; round++) {
      Digest digest = new Digest(random.nextInt(), random.nextInt());
      assertThat(Digest.fromLong(digest.toLong())).isEqualTo(digest);
    }
    assertThat(new Digest(1, -1).toLong()).isEqualTo(0x1_FFFF_FFFFL);
  }

  @Test
  void findsOneFlippedBit() {
    byte[] bytes = "x".repeat(10_000).getBytes(StandardCharsets.UTF_8);
    Digest before = Digest.of(ByteBuffer.wrap(bytes));
    for (int bit = 0; bit < 8; bit++) {
      bytes[5_000] ^= (byte) (1 << bit);
      Digest after = Digest.of(ByteBuffer.wrap(bytes));
      assertThat(after.crc32c()).isNotEqualTo(before.crc32c());
      assertThat(after.crc32()).isNotEqualTo(before.crc32());
      bytes[5_000] ^= (byte) (1 << bit);
    }
  }
}
