package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class NearestTest {
  @Test
  void countsWhatMakesOneWordOfTheOther() {
    assertThat(Nearest.distance("", "")).isZero();
    assertThat(Nearest.distance("append", "append")).isZero();
    assertThat(Nearest.distance("", "ack")).isEqualTo(3);
    assertThat(Nearest.distance("overwrit", "overwrite")).isEqualTo(1);
    assertThat(Nearest.distance("recieved", "received")).isEqualTo(1);
    assertThat(Nearest.distance("kitten", "sitting")).isEqualTo(3);
  }

  @Test
  void namesTheWordThatWasProbablyMeant() {
    List<String> known = List.of("append", "overwrite", "verify");
    assertThat(Nearest.hint("overwrite", known)).isEqualTo("; did you mean 'overwrite'?");
    assertThat(Nearest.of("apend", known)).isEqualTo("append");
    assertThat(Nearest.of("verifiy", known)).isEqualTo("verify");
  }

  @Test
  void namesNothingWhenNothingIsNear() {
    assertThat(Nearest.of("compress", List.of("append", "overwrite"))).isNull();
    assertThat(Nearest.of("x", List.of("-"))).isNull();
    assertThat(Nearest.hint("x", List.of())).isEmpty();
  }
}
