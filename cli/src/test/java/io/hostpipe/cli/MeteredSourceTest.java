package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThatCode;

import io.hostpipe.Source;
import java.lang.reflect.Method;
import org.junit.jupiter.api.Test;

final class MeteredSourceTest {
  @Test
  void handsOnEveryCallAlsoThoseWithADefault() {
    for (Method method : Source.class.getMethods()) {
      assertThatCode(() ->
              MeteredSource.class.getDeclaredMethod(method.getName(), method.getParameterTypes()))
          .as(method.toString())
          .doesNotThrowAnyException();
    }
  }
}
