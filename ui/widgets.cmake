set(UI_WIDGET_SOURCES canvas.c glyph.c theme.c axis.c bar.c chart.c heatmap.c table.c)
