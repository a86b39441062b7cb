package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.AnnotationTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.LineMap;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.SynchronizedTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for every source file of every module, tests included, and shows only in its text. */
final class SourceStyleTest {
  private static final int FILE_LINES_MAX = 600;
  private static final int METHOD_LINES_MAX = 70;

  /** In two halves, so that this file does not break its own rule. */
  private static final Pattern UNFINISHED = Pattern.compile("\\b(TO" + "DO|FIX" + "ME)\\b");

  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  @Test
  void everyFileFollowsTheStyle() throws IOException {
    List<SimpleJavaFileObject> sources = new ArrayList<>();
    for (Path file : JavaFiles.all()) {
      sources.add(source(ROOT.relativize(file).toString(), Files.readString(file)));
    }
    assertThat(sources).hasSizeGreaterThan(10);
    assertThat(offences(sources)).isEmpty();
  }

  @Test
  void everyPackageIsNullMarked() throws IOException {
    for (Path file : JavaFiles.all()) {
      if (file.toString().contains("/src/main/java/")) {
        Path packageInfo = file.resolveSibling("package-info.java");
        assertThat(packageInfo).exists().content().contains("@NullMarked");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "void method() throws Exception { Thread.sleep(1); }",
        "void method() throws Exception { java.util.concurrent.TimeUnit.DAYS.sleep(1); }",
        "@Dis" + "abled void method() {}",
        "void method() { synchronized (this) { } }",
        "synchronized void method() { }",
        "// TO" + "DO: later",
      })
  void refusesAnOffender(String member) throws IOException {
    assertThat(offences(List.of(source("Offender.java", "class Offender {\n" + member + "\n}"))))
        .hasSize(1);
  }

  @Test
  void refusesALongMethodAndALongFile() throws IOException {
    String method = "class Offender { void method() {" + "\n".repeat(METHOD_LINES_MAX) + "} }";
    String file = "class Offender {" + "\n".repeat(FILE_LINES_MAX) + "}\n";
    assertThat(offences(List.of(source("Offender.java", method))))
        .singleElement()
        .asString()
        .contains("method has 71 lines");
    assertThat(offences(List.of(source("Offender.java", file))))
        .singleElement()
        .asString()
        .contains("601 lines");
  }

  private static List<String> offences(List<SimpleJavaFileObject> sources) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    JavacTask task =
        (JavacTask) compiler.getTask(null, null, null, List.of("-proc:none"), null, sources);
    Finder finder = new Finder(Trees.instance(task).getSourcePositions());
    for (CompilationUnitTree unit : task.parse()) {
      finder.lookAt(unit);
    }
    return finder.offences;
  }

  private static SimpleJavaFileObject source(String name, String text) {
    URI uri = URI.create("string:///" + name);
    return new SimpleJavaFileObject(uri, SimpleJavaFileObject.Kind.SOURCE) {
      @Override
      public CharSequence getCharContent(boolean ignoreEncodingErrors) {
        return text;
      }
    };
  }

  private static final class Finder extends TreeScanner<Void, CompilationUnitTree> {
    private final List<String> offences = new ArrayList<>();
    private final SourcePositions positions;

    Finder(SourcePositions positions) {
      this.positions = positions;
    }

    void lookAt(CompilationUnitTree unit) throws IOException {
      String text = unit.getSourceFile().getCharContent(true).toString();
      long lineCount = text.lines().count();
      if (lineCount > FILE_LINES_MAX) {
        offences.add(name(unit) + " has " + lineCount + " lines; at most " + FILE_LINES_MAX);
      }
      Matcher unfinished = UNFINISHED.matcher(text);
      while (unfinished.find()) {
        long line = unit.getLineMap().getLineNumber(unfinished.start());
        offences.add(name(unit) + ":" + line + " says " + unfinished.group());
      }
      scan(unit, unit);
    }

    @Override
    public Void visitMethod(MethodTree method, CompilationUnitTree unit) {
      LineMap lines = unit.getLineMap();
      Tree body = method.getBody();
      if (body != null) {
        long lineCount =
            lines.getLineNumber(positions.getEndPosition(unit, body))
                - lines.getLineNumber(positions.getStartPosition(unit, body))
                + 1;
        if (lineCount > METHOD_LINES_MAX) {
          offend(
              unit,
              method,
              method.getName() + " has " + lineCount + " lines; at most " + METHOD_LINES_MAX);
        }
      }
      if (method.getModifiers().getFlags().contains(Modifier.SYNCHRONIZED)) {
        offend(unit, method, method.getName() + " is synchronized");
      }
      return super.visitMethod(method, unit);
    }

    @Override
    public Void visitSynchronized(SynchronizedTree block, CompilationUnitTree unit) {
      offend(unit, block, "a synchronized block");
      return super.visitSynchronized(block, unit);
    }

    @Override
    public Void visitMemberSelect(MemberSelectTree member, CompilationUnitTree unit) {
      String expression = member.getExpression().toString();
      if (member.getIdentifier().contentEquals("sleep")
          && (expression.endsWith("Thread") || expression.contains("TimeUnit"))) {
        offend(unit, member, "sleeps: wait for a condition with a deadline");
      }
      return super.visitMemberSelect(member, unit);
    }

    @Override
    public Void visitAnnotation(AnnotationTree annotation, CompilationUnitTree unit) {
      if (annotation.getAnnotationType().toString().endsWith("Disabled")) {
        offend(unit, annotation, "a disabled test");
      }
      return super.visitAnnotation(annotation, unit);
    }

    private void offend(CompilationUnitTree unit, Tree where, String what) {
      long line = unit.getLineMap().getLineNumber(positions.getStartPosition(unit, where));
      offences.add(name(unit) + ":" + line + ": " + what);
    }

    private static String name(CompilationUnitTree unit) {
      return unit.getSourceFile().toUri().getPath();
    }
  }
}
