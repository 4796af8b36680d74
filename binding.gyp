{
  "targets": [
    {
      "target_name": "evenkeel_cmake",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake_build",
          "inputs": ["CMakeLists.txt"],
          "outputs": ["<(module_root_dir)/build/Release/evenkeel.node"],
          "action": ["node", "<(module_root_dir)/scripts/build.mjs", "native"]
        }
      ]
    }
  ]
}
