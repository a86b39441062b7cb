package io.hostpipe.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.Resume;
import io.hostpipe.StreamId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SlotTableTest {
  private static final FileIdentity FILE = new FileIdentity(7, 8);

  @TempDir private Path folder;
  private Path path;

  @BeforeEach
  void nameTheFile() {
    path = folder.resolve("out.hostpipe");
  }

  @Test
  void whatWasKeptIsReadAgainThroughManyGenerationsInAFileThatDoesNotGrow() throws IOException {
    try (SlotTable table = table()) {
      table.begin(FILE, 0, range(0), List.of());
      long fileBytes = Files.size(path);
      for (int commit = 1; commit <= 50; commit++) {
        Slot slot = slot(commit % 3, commit * 10L);
        table.keep(FILE, commit, range(commit), List.of(slot), List.of());
        List<SlotTable.State> states = table().read();
        assertThat(states).hasSize(2);
        assertThat(states.getFirst().entry().lengthBytes()).isEqualTo(commit);
        assertThat(states.get(1).entry().lengthBytes()).isEqualTo(commit - 1L);
        assertThat(states.getFirst().slots()).isEqualTo(table.slots()).containsValue(slot);
        assertThat(states.getFirst().entry().file()).isEqualTo(FILE);
      }
      assertThat(Files.size(path)).isEqualTo(fileBytes);
    }
  }

  @Test
  void growsForManyStreamsAndWritesOnlyWhatChanged() throws IOException {
    try (SlotTable table = table()) {
      table.begin(FILE, 0, range(0), List.of());
      Map<StreamId, Slot> expected = new HashMap<>();
      for (int commit = 0; commit < 40; commit++) {
        List<Slot> changed = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
          changed.add(slot(commit * 500 + i, 1));
        }
        changed.forEach(slot -> expected.put(slot.stream(), slot));
        table.keep(FILE, commit, range(commit), changed, List.of());
      }
      table.keep(FILE, 41, range(41), List.of(slot(3, 99)), List.of(slot(4, 1).stream()));
      expected.put(slot(3, 99).stream(), slot(3, 99));
      assertThat(table().read().getFirst().slots()).containsAllEntriesOf(table.slots());
      expected.remove(slot(4, 1).stream());
      assertThat(table.slots()).isEqualTo(expected);
    }
    assertThat(RealDisk.INSTANCE.list(folder)).containsExactly(path);
  }

  @Test
  void aNewProcessLeavesTheHalfAloneThatItBelievedIn() throws IOException {
    try (SlotTable table = table()) {
      table.begin(FILE, 1, range(1), List.of(slot(1, 1)));
      table.keep(FILE, 2, range(2), List.of(slot(1, 2)), List.of());
    }
    try (SlotTable table = table()) {
      SlotTable.State believed = table.read().getFirst();
      table.believe(believed);
      table.begin(FILE, 2, range(2), believed.slots().values());
      List<SlotTable.State> states = table().read();
      assertThat(states.getFirst().half()).isNotEqualTo(believed.half());
      assertThat(states.get(1)).isEqualTo(believed);
    }
  }

  @Test
  void whatIsDamagedIsNotBelieved() throws IOException {
    List<Map<StreamId, Slot>> truths = new ArrayList<>();
    try (SlotTable table = table()) {
      table.begin(FILE, 0, range(0), List.of(slot(0, 5)));
      truths.add(Map.copyOf(table.slots()));
      for (int commit = 1; commit <= 12; commit++) {
        table.keep(FILE, commit, range(commit), List.of(slot(commit % 4, commit)), List.of());
        truths.add(Map.copyOf(table.slots()));
      }
    }
    byte[] whole = Files.readAllBytes(path);
    Random random = new Random(1);
    for (int round = 0; round < 2_000; round++) {
      byte[] damaged = whole.clone();
      for (int flips = random.nextInt(1, 6); flips > 0; flips--) {
        damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
      }
      int lengthBytes = random.nextInt(4) == 0 ? random.nextInt(damaged.length) : damaged.length;
      Files.write(path, Arrays.copyOf(damaged, lengthBytes));
      for (SlotTable.State state : table().read()) {
        assertThat(truths).contains(state.slots());
      }
    }
  }

  private SlotTable table() {
    return SlotTable.at(RealDisk.INSTANCE, path);
  }

  private static FileRange range(long end) {
    return new FileRange(0, end, 17);
  }

  private static Slot slot(int stream, long position) {
    Cursor cursor = stream % 2 == 0 ? Cursor.of("at " + position) : null;
    Resume held = new Resume(position, cursor, new Digest(1, 2), position, 3);
    return new Slot(new StreamId("stream " + stream), held, position + 4, stream % 3 == 0);
  }
}
