# How the addon of a published package is linked: no symbols but Node-API's entry points, OpenBLAS beside it, no debugging
# information. The linkers are zig's, which lack some options of others (--exclude-libs).
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  set_target_properties(evenkeel PROPERTIES BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "$ORIGIN")
  # -z nodelete: see CMakeLists.txt.
  target_link_options(evenkeel PRIVATE -s -Wl,-z,nodelete -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/exports.map)
elseif(CMAKE_SYSTEM_NAME STREQUAL "Darwin")
  target_sources(evenkeel PRIVATE native/darwin_new.cc)
  set_source_files_properties(native/darwin_new.cc PROPERTIES
    COMPILE_OPTIONS -fvisibility-global-new-delete=force-hidden)
  # Node's own symbols are found when it loads the addon. CMake would drop the rpath of a cross build, and takes the folder it
  # builds in into the name.
  set_target_properties(evenkeel PROPERTIES NO_SONAME ON)
  target_link_options(evenkeel PRIVATE -s -Wl,-undefined,dynamic_lookup -Wl,-rpath,@loader_path
    -Wl,-install_name,@rpath/evenkeel.node)
else()
  target_link_options(evenkeel PRIVATE -s)
endif()
