"""How the prompt model is made: data, designs, fit, calibration, export, figures. Never served."""
