package org.pursuit;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import org.junit.jupiter.api.Test;

/** The floors of the house: no import runs upward, and there is no circle. */
class ArchitectureTest {
  private static final JavaClasses MAIN =
      new ClassFileImporter()
          .importUrl(Backends.class.getProtectionDomain().getCodeSource().getLocation());

  private static final String DATA = "org.pursuit.data";
  private static final String KERNEL = "org.pursuit.kernel";
  private static final String ENTRANCE = "org.pursuit";
  private static final String SPI = "org.pursuit.spi";
  private static final String IO = "org.pursuit.io";
  private static final String RECIPE = "org.pursuit.recipe";
  private static final String SCALAR = "org.pursuit.scalar";
  private static final String VECTOR = "org.pursuit.vector";

  @Test
  void dataIsTheGroundFloor() {
    knowsOnly(DATA);
  }

  @Test
  void kernelsKnowOnlyData() {
    knowsOnly(KERNEL, DATA);
  }

  @Test
  void filesKnowOnlyData() {
    knowsOnly(IO, DATA);
  }

  @Test
  void theEntranceKnowsKernelsAndData() {
    knowsOnly(ENTRANCE, SPI, KERNEL, DATA);
    knowsOnly(SPI, ENTRANCE, KERNEL, DATA);
  }

  @Test
  void backendsDoNotKnowEachOther() {
    knowsOnly(SCALAR, ENTRANCE, SPI, KERNEL, DATA);
    knowsOnly(VECTOR, ENTRANCE, SPI, KERNEL, DATA);
  }

  @Test
  void recipesSeeOnlyThePublicPackages() {
    knowsOnly(RECIPE, ENTRANCE, IO, KERNEL, DATA);
  }

  @Test
  void noCircles() {
    slices().assignedFrom(new Floors()).should().beFreeOfCycles().check(MAIN);
  }

  @Test
  void onlyTheVectorBackendUsesTheIncubatorModule() {
    noClasses()
        .that(resideOutsideOfPackage(VECTOR))
        .should()
        .dependOnClassesThat()
        .resideInAPackage("jdk.incubator.vector..")
        .check(MAIN);
  }

  @Test
  void nobodyUsesJavaUtilLogging() {
    noClasses().should().dependOnClassesThat().resideInAPackage("java.util.logging..").check(MAIN);
  }

  private static void knowsOnly(String floor, String... below) {
    DescribedPredicate<JavaClass> ofOthers =
        describe("classes of other projects", c -> !c.getPackageName().startsWith(ENTRANCE));
    classes()
        .that()
        .resideInAPackage(floor)
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(below).or(resideInAnyPackage(floor)).or(ofOthers))
        .allowEmptyShould(true)
        .check(MAIN);
  }

  /** Every package is a floor; the entrance and its service side are one. */
  private static final class Floors implements SliceAssignment {
    @Override
    public SliceIdentifier getIdentifierOf(JavaClass c) {
      String floor = c.getPackageName();
      if (!floor.startsWith(ENTRANCE)) {
        return SliceIdentifier.ignore();
      }
      return SliceIdentifier.of(floor.equals(SPI) ? ENTRANCE : floor);
    }

    @Override
    public String getDescription() {
      return "floors";
    }
  }
}
