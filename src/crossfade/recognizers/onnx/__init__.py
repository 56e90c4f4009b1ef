"""The embedded recognizer: Moonshine tiny-en on onnxruntime, CPU only."""
