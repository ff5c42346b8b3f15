"""Reports to the CyberTipline: what people decide to report is filed once, and never by itself."""
