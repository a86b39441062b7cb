package io.hostpipe.spi;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.fail;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class BlockPoolTest {
  @ParameterizedTest
  @CsvSource({
    "0, 4096",
    "1, 4096",
    "4096, 4096",
    "4097, 8192",
    "100000, 131072",
    "33554431, 33554432",
    "33554432, 33554432"
  })
  void givesTheNextPowerOfTwo(int leastBytes, int capacityBytes) {
    BlockPool pool = new BlockPool(0);
    Block block = pool.take(leastBytes);
    assertThat(block.capacityBytes()).isEqualTo(capacityBytes);
    assertThat(block.buffer().isDirect()).isTrue();
    assertThat(pool.takenBytes()).isEqualTo(capacityBytes);
    block.release();
    assertThat(pool.takenBytes()).isZero();
  }

  @Test
  void refusesWhatNoBlockHolds() {
    BlockPool pool = new BlockPool(0);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> pool.take(BlockPool.BLOCK_BYTES_MAX + 1))
        .withMessageContaining("" + BlockPool.BLOCK_BYTES_MAX);
    assertThatIllegalArgumentException().isThrownBy(() -> pool.take(-1));
  }

  @Test
  void givesTheSameMemoryAgainAsIfItWereNew() {
    BlockPool pool = new BlockPool(8192);
    Block first = pool.take(4096);
    ByteBuffer memory = first.buffer();
    memory.order(ByteOrder.LITTLE_ENDIAN).position(100).limit(200);
    first.release();
    Block second = pool.take(4096);
    assertThat(second.buffer()).isSameAs(memory);
    assertThat(second).isNotSameAs(first);
    assertThat(memory.remaining()).isEqualTo(4096);
    assertThat(memory.order()).isEqualTo(ByteOrder.BIG_ENDIAN);
    second.release();
  }

  @Test
  void keepsNoMoreIdleThanItsLimit() {
    BlockPool pool = new BlockPool(8192);
    List<Block> blocks = new ArrayList<>();
    List<ByteBuffer> memory = new ArrayList<>();
    for (int each = 0; each < 3; each++) {
      blocks.add(pool.take(4096));
      memory.add(blocks.get(each).buffer());
    }
    blocks.forEach(Block::release);
    blocks.clear();
    for (int each = 0; each < 3; each++) {
      blocks.add(pool.take(4096));
    }
    Set<ByteBuffer> old = Collections.newSetFromMap(new IdentityHashMap<>());
    old.addAll(memory);
    long known = blocks.stream().filter(block -> old.contains(block.buffer())).count();
    assertThat(known).isEqualTo(2);
    blocks.forEach(Block::release);
  }

  @Test
  void countsReferences() {
    BlockPool pool = new BlockPool(4096);
    Block block = pool.take(1);
    block.retain();
    block.release();
    assertThat(pool.takenBytes()).isEqualTo(4096);
    block.release();
    assertThat(pool.takenBytes()).isZero();
    assertThatIllegalStateException().isThrownBy(block::release);
    assertThatIllegalStateException().isThrownBy(block::retain);
    assertThat(pool.takenBytes()).isZero();
  }

  @Test
  void neverGivesOneMemoryToTwo() throws Exception {
    BlockPool pool = new BlockPool(1 << 20);
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<?>> all = new ArrayList<>();
      for (int each = 0; each < 4; each++) {
        int mark = each;
        all.add(threads.submit(() -> useBlocks(pool, (byte) mark)));
      }
      for (Future<?> one : all) {
        one.get();
      }
    }
    assertThat(pool.takenBytes()).isZero();
  }

  @Test
  void letsGoOfWhatLiesIdleBeforeItSaysThatThereIsNoMemory() throws Exception {
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:MaxDirectMemorySize=4m",
                "-cp",
                System.getProperty("java.class.path"),
                LittleMemory.class.getName())
            .redirectErrorStream(true)
            .start();
    assertThat(new String(other.getInputStream().readAllBytes(), UTF_8)).isEmpty();
    assertThat(other.waitFor()).isZero();
  }

  /** Uses small blocks, and then larger ones, which together are more than the process has. */
  static final class LittleMemory {
    static void main() {
      BlockPool pool = new BlockPool(4 << 20);
      for (int lengthBytes : new int[] {256 << 10, 512 << 10}) {
        List<Block> blocks = new ArrayList<>();
        for (int taken = 0; taken < 3 << 20; taken += lengthBytes) {
          blocks.add(pool.take(lengthBytes));
        }
        blocks.forEach(Block::release);
      }
    }
  }

  private static void useBlocks(BlockPool pool, byte mark) {
    Random random = new Random(mark);
    for (int round = 0; round < 20_000; round++) {
      Block block = pool.take(1 + random.nextInt(16_000));
      int index = random.nextInt(block.capacityBytes());
      block.buffer().put(index, mark);
      block.retain();
      block.release();
      if (block.buffer().get(index) != mark) {
        fail("somebody else wrote into this block");
      }
      block.release();
    }
  }
}
